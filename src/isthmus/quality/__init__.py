"""What is wrong with a data set: what it lacks, copies, faults, what it does not stand for."""
