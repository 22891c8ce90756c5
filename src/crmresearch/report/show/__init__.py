"""What a notebook puts on the page: tables, figures, boxes, paragraphs."""
