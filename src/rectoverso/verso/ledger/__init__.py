"""The append-only Merkle log of what was registered, trained, released, held and refused, and its proofs."""
