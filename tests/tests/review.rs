//! The review of every example as a reader gets it.

use taskspec_tests::chart::Case;
use taskspec_tests::review::review;
use taskspec_tests::tools::Helm;

#[test]
fn dump() {
    let helm = Helm::all().pop().expect("a Helm");
    let folder = std::env::var("TASKSPEC_REVIEWS").unwrap_or_else(|_| "/tmp/reviews".to_owned());
    std::fs::create_dir_all(&folder).expect("a folder");
    for case in Case::published().into_iter().chain([Case::own("hostile-text"), Case::own("kinds"), Case::own("exposure"), Case::own("eleven"), Case::own("bare")]) {
        let reviewed = review(&case, &helm).review;
        let name = case.name.replace('/', "-");
        std::fs::write(format!("{folder}/{name}.html"), taskspec_review::html(&reviewed)).unwrap();
        std::fs::write(format!("{folder}/{name}.md"), taskspec_review::markdown(&reviewed)).unwrap();
    }
}
