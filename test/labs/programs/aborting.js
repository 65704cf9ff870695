// Ends by a signal of its own.
process.abort();
