//! Only one process at a time can use a data folder.

use rustix::process::Signal;

use super::*;

fn emulator(data: &Path) -> Line {
    Line::of(&["emulator", "--port", "0"]).data(data)
}

#[tokio::test]
async fn a_second_process_on_the_same_folder_is_refused_and_the_first_continues() {
    let data = tempfile::tempdir().unwrap();
    let refused = format!(
        "the data folder {} is in use by another openhexa-bridge: stop it, or use another folder (--data)",
        data.path().display()
    );
    let mut first = dev(data.path(), None).start();
    let (bridge, _) = first.addresses().await;
    for second in [dev(data.path(), None), emulator(data.path())] {
        assert_eq!(second.run().await.error_line(), refused);
    }
    let url = format!("{bridge}/api/openhexa/pipelines/");
    assert_eq!(Visitor::new().get(&url).await.0, 200);
    first.stop(Signal::TERM).await;
    let mut next = emulator(data.path()).start();
    next.lines(1).await;
    assert_eq!(dev(data.path(), None).run().await.error_line(), refused);
    next.stop(Signal::TERM).await;
}

#[tokio::test]
async fn the_folder_of_a_killed_process_can_be_used_again() {
    let data = tempfile::tempdir().unwrap();
    let mut killed = emulator(data.path()).start();
    killed.lines(1).await;
    killed.stop(Signal::KILL).await;
    let mut next = emulator(data.path()).start();
    next.lines(1).await;
    next.stop(Signal::TERM).await;
}
