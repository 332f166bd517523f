//! axe-core: checks pages for accessibility, by WCAG 2.2 AA and good practice.

use std::sync::LazyLock;

use serde_json::Value;

use super::driver::found;
use super::tab::Tab;

static AXE: LazyLock<String> = LazyLock::new(|| {
    let script = found("OPENHEXA_BRIDGE_TEST_AXE", &["tests/env/axe.sh"]);
    std::fs::read_to_string(script).unwrap()
});

const LOOK: &str = r"
    const done = arguments[arguments.length - 1];
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    const rules = { 'target-size': { enabled: true } };
    axe.run(document, { runOnly: { type: 'tag', values: tags }, rules, resultTypes: ['violations'] }).then(
        (found) => done(found.violations.map((one) => `${one.id} (${one.impact}): ${one.help}: `
            + one.nodes.map((node) => `${node.target} ${node.failureSummary}`).join('; '))),
        (error) => done([String(error)]));
";

impl Tab {
    /// Loads axe-core; call it once on each page, before the first check.
    pub async fn load_axe(&self) {
        self.run(&AXE).await;
    }

    /// The accessibility errors of the page as it is shown now.
    pub async fn barriers(&self) -> Vec<String> {
        let found = self.run_async(LOOK).await;
        let texts = found.as_array().unwrap().iter();
        texts.filter_map(Value::as_str).map(str::to_owned).collect()
    }
}
