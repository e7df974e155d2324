"""What is new for this reader since they last looked, by what matters to them."""
