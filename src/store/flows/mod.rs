//! Flows: documents, schedules, ticks, runs, backfills and triggers.
