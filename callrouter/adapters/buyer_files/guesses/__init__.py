"""What the columns of a buyer's file are, by looking at values alone, headings left aside."""
