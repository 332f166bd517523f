//! Lists of flows, runs and ticks, page by page.

use chrono::{DateTime, Utc};

use super::FlowReader;
use super::reading::FlowView;
use crate::domain::flow::run::FlowRun;
use crate::domain::ids::AccountId;
use crate::service::Error;
use crate::service::list_pages::{self, List, Page, PageQuery};
use crate::store::flows::{
    FlowListQuery, FlowRunFilter, FlowRunPosition, TickPosition, TickQuery, TickRow,
};

impl FlowReader {
    /// The flows of an account, by slug.
    pub async fn flow_page(
        &self,
        account: AccountId,
        search: Option<String>,
        part: &PageQuery,
    ) -> Result<Page<FlowView>, Error> {
        let search = search.map(|text| text.to_lowercase());
        let list = List {
            seal: &self.seal,
            of: format!("flows {} {search:?}", account.0),
        };
        let after = list.read(&part.cursor, |place| place.as_str().map(str::to_owned))?;
        let query = FlowListQuery {
            account,
            search,
            after,
            limit: part.read(),
        };
        let rows = self.list(query).await?;
        Ok(part.page(&list, rows, |view| view.flow.slug.as_str().into()))
    }

    /// The runs of an account, newest first.
    pub async fn run_page(
        &self,
        filter: FlowRunFilter,
        part: &PageQuery,
    ) -> Result<Page<FlowRun>, Error> {
        let of = (
            &filter.flow,
            &filter.statuses,
            &filter.causes,
            filter.from,
            filter.to,
        );
        let list = List {
            seal: &self.seal,
            of: format!("flow-runs {} {of:?}", filter.account.0),
        };
        let after = list.read(&part.cursor, list_pages::time_and_id)?;
        let after = after.map(|(created_at, id)| FlowRunPosition {
            created_at,
            run: crate::domain::ids::FlowRunId(id),
        });
        let rows = self
            .run_list(FlowRunFilter {
                after,
                limit: part.read(),
                ..filter
            })
            .await?;
        Ok(part.page(&list, rows, |run| {
            list_pages::place(run.created_at, run.id.0)
        }))
    }

    /// The ticks of a flow from a time on and before another one, newest first.
    pub async fn tick_page(
        &self,
        account: AccountId,
        slug: &str,
        (from, to): (Option<DateTime<Utc>>, Option<DateTime<Utc>>),
        part: &PageQuery,
    ) -> Result<Page<TickRow>, Error> {
        let flow = self.flow_id(account, slug).await?;
        let list = List {
            seal: &self.seal,
            of: format!("ticks {} {} {from:?} {to:?}", account.0, flow.0),
        };
        let after = list.read(&part.cursor, list_pages::time_and_id)?;
        let query = TickQuery {
            flow,
            from,
            to,
            after: after.map(|(scheduled_for, id)| TickPosition { scheduled_for, id }),
            limit: part.read(),
        };
        let rows = self.ticks(query).await?;
        Ok(part.page(&list, rows, |tick| {
            list_pages::place(tick.scheduled_for, tick.id)
        }))
    }
}
