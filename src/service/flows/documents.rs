//! Validates and saves documents.

use super::Flows;
use super::saving::{CheckedDocument, Saved, SavedFlow};
use crate::domain::flow::document::{
    StartedBy, check_pipelines, check_triggers, parse, warn_of_own_schedules,
};
use crate::domain::ids::AccountId;
use crate::domain::message::say;
use crate::domain::principal::Principal;
use crate::service::Error;
use crate::store::flows;
use crate::store::{self, Db};

/// Not the id of a flow: it is part of the address of the page on which a new flow is written.
const RESERVED: &str = "new";

impl Flows {
    /// Checks a document with the pipelines of the workspace and the other flows of the account. All faults are reported
    /// together; those of pipelines only if the text itself has none.
    pub async fn check(&self, account: AccountId, text: &str) -> Result<CheckedDocument, Error> {
        let parsed = parse(text).map_err(Error::Document)?;
        let config = self.configuration.get(account).await?;
        let (definitions, pipelines) = self
            .preparation
            .definitions_by_code(&config, &parsed.flow)
            .await?;
        let mut faults = check_pipelines(&parsed.flow, &definitions);
        if parsed.flow.waits_for_flows() {
            let others = move |db: &mut Db<'_>| Ok(flows::flows_started_by(db, account)?);
            let others: Result<StartedBy, Error> = self.store.read(others).await;
            faults.extend(check_triggers(&parsed.flow, &others?));
        }
        if !faults.is_empty() {
            faults.sort_by_key(|fault| fault.place);
            return Err(Error::Document(faults));
        }
        let mut warnings = parsed.warnings.clone();
        warnings.extend(warn_of_own_schedules(&parsed.flow, &definitions));
        warnings.sort_by_key(|warning| warning.place);
        Ok(CheckedDocument {
            parsed,
            warnings,
            pipelines,
        })
    }

    /// Saves a new flow.
    pub async fn create(&self, who: &Principal, text: String) -> Result<SavedFlow, Error> {
        let checked = self.check(who.account, &text).await?;
        let saved = Saved::new(who, text, checked, self.clock.now());
        if saved.slug() == RESERVED {
            let sentence = say("flow-id-reserved").with("flow", RESERVED);
            return Err(Error::field("document", sentence));
        }
        let created = self
            .store
            .write(move |db| match saved.create(db) {
                Err(Error::Internal(store::Error::Duplicate)) => {
                    let sentence = say("flow-slug-taken").with("flow", saved.slug());
                    Err(Error::OtherRequest(sentence))
                }
                done => done,
            })
            .await?;
        self.wake.notify_one();
        Ok(SavedFlow {
            flow: created,
            changed: true,
        })
    }

    /// Saves a new version of a flow. `expected` is the version that the caller has read.
    pub async fn update(
        &self,
        who: &Principal,
        slug: &str,
        text: String,
        expected: Option<i64>,
    ) -> Result<SavedFlow, Error> {
        let flow = self.reader.flow(who.account, slug).await?;
        let checked = self.check(who.account, &text).await?;
        if checked.parsed.flow.id.value != flow.slug {
            let sentence = say("flow-id-changed").with("flow", &flow.slug);
            return Err(Error::field("document", sentence));
        }
        let saved = Saved::new(who, text, checked, self.clock.now());
        let versions = self.versions.clone();
        let updated = self
            .store
            .write(move |db| saved.update(db, &versions, flow.id, expected))
            .await?;
        self.wake.notify_one();
        Ok(updated)
    }
}
