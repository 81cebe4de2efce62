"""From a template to a document that was sent: kept, drawn, filed, found again."""
