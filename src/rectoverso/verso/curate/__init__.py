"""What a training set is made of, looked at before anything is trained: rights, copies, people, metadata."""
