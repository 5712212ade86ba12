"""Why a number is what it is: its arithmetic, down to the ink."""
