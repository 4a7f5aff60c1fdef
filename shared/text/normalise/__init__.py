"""Numbers, dates, units and abbreviations written out as they are spoken, in ten languages."""
