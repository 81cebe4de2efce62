"""How a document can be sent, and what that needs: destinations, addresses, mail. Pure."""
