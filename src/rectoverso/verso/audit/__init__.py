"""Does a generator give away what it was trained on? What scores and pictures say of that, with chances that hold."""
