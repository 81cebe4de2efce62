"""What is asked of Inkit over HTTP: its public API, what people do in its web app, and the pages that they see."""
