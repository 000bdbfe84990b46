"""What the REST interface takes and says: one file per noun, one record per body. Times are Unix milliseconds, latencies milliseconds."""
