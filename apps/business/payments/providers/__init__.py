"""Payment providers: what every one of them can be asked (`port`), which there are (`registry`), and each of them."""
