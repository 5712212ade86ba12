"""Terms of the window, with the pictures that the program draws of them."""
