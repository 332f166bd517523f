//! How a world ends.

use openhexa_bridge::store;

use super::catalogue::PLACES;
use super::driver::Driver;
use super::run_life::{MINUTE, SECOND};
use super::world::{Release, TokenStatus};

impl Driver {
    /// From now on, nothing fails.
    pub fn stop_faults(&mut self) {
        self.world(|world| {
            world.without_faults = true;
            world.outage = [false; 2];
            world.hidden = [false; PLACES.len()];
            for token in world.tokens.values_mut() {
                if token.token_status != TokenStatus::Refused {
                    token.token_status = TokenStatus::Good;
                }
            }
        });
        for site in [0, 1] {
            if !self.is_alive(site) {
                self.start(site);
            }
        }
        // A run cannot be polled with a revoked token, so each place gets a valid one.
        for place in [0, 1, 2] {
            self.configure(0, Some(place));
        }
        while let Some(call) = self.world(|world| world.held.keys().next().copied()) {
            self.release(call, Release::Answered);
        }
    }

    /// The faults end; then everything must reach its final status without help.
    pub fn finish(&mut self) {
        self.stop_faults();
        for round in 0..4000 {
            while self.has_due_mail() {
                self.deliver();
            }
            self.pass_at(round % 2);
            let vitals = self.read(store::polling_state);
            let next_letter =
                self.world(|world| world.pending_reports.keys().next().map(|key| key.0));
            let next_poll = vitals.next_poll.map(|at| at.timestamp_millis());
            let Some(next) = next_letter.into_iter().chain(next_poll).min() else {
                break;
            };
            let now = self.world(|world| world.now());
            self.advance((next - now).clamp(40 * SECOND, 5 * MINUTE));
        }
    }

    pub fn has_due_mail(&self) -> bool {
        self.world(|world| {
            world
                .pending_reports
                .keys()
                .next()
                .is_some_and(|key| key.0 <= world.now())
        })
    }
}
