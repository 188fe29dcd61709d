"""HTML reports and the pictures inside them."""
