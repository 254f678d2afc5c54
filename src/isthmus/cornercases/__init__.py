"""What whole frames are like, and which of the target's conditions the source hardly shows."""
