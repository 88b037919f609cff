//! What only systems with permissions and symbolic links have.

use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;

#[test]
fn nothing_is_written_through_symbolic_links() {
    for (link, target) in [
        ("templates", "outside"),
        ("values.yaml", "outside/values.yaml"),
    ] {
        let chart = Chart::new();
        let parent = chart.folder.parent().unwrap().to_owned();
        fs::create_dir_all(parent.join("outside")).unwrap();
        fs::write(parent.join("outside/values.yaml"), "theirs\n").unwrap();
        fs::create_dir_all(&chart.folder).unwrap();
        symlink(parent.join(target), chart.path(link)).unwrap();

        for edits in [Edits::Keep, Edits::Replace, Edits::Merge] {
            let failure = chart.build_with(FILES, edits).unwrap_err();
            assert_eq!(failure.exit, Exit::World);
            let expected = format!("{link}` is a symbolic link");
            assert!(failure.message.contains(&expected), "{}", failure.message);
        }
        assert_eq!(chart.entries(), [link]);
        assert_eq!(fs::read_dir(parent.join("outside")).unwrap().count(), 1);
        assert_eq!(
            fs::read_to_string(parent.join("outside/values.yaml")).unwrap(),
            "theirs\n"
        );
    }
}

#[test]
fn nothing_is_removed_through_symbolic_links() {
    let chart = Chart::built(FILES);
    let outside = chart.folder.parent().unwrap().join("outside");
    fs::rename(chart.path("templates"), &outside).unwrap();
    symlink(&outside, chart.path("templates")).unwrap();
    let failure = chart.build(&[FILES[0]]).unwrap_err();
    assert!(
        failure.message.contains("templates` is a symbolic link"),
        "{}",
        failure.message
    );
    assert!(outside.join("service.yaml").exists());
}

#[test]
fn the_chart_folder_itself_may_be_a_link() {
    let chart = Chart::new();
    let real = chart.folder.parent().unwrap().join("real");
    fs::create_dir_all(&real).unwrap();
    symlink(&real, &chart.folder).unwrap();
    chart.build(FILES).unwrap();
    assert!(real.join("Chart.yaml").exists());
}

#[test]
fn a_link_to_nothing_is_no_chart_folder() {
    let chart = Chart::new();
    fs::create_dir_all(chart.folder.parent().unwrap()).unwrap();
    symlink("nowhere", &chart.folder).unwrap();
    let failure = chart.build(FILES).unwrap_err();
    assert!(
        failure
            .message
            .contains("link to `nowhere`, which is not there"),
        "{}",
        failure.message
    );
    assert!(failure.help.is_some());
}

#[test]
fn a_second_build_of_the_folder_is_refused() {
    let chart = Chart::built(FILES);
    let held = fs::File::open(&chart.folder).unwrap();
    held.lock().unwrap();
    let failure = chart.build(&[FILES[0]]).unwrap_err();
    assert_eq!(failure.exit, Exit::World);
    assert!(
        failure.message.contains("another build is writing"),
        "{}",
        failure.message
    );
    assert!(failure.help.is_some());
    assert!(chart.path("values.yaml").exists());
    held.unlock().unwrap();
    chart.build(&[FILES[0]]).unwrap();
}

#[test]
fn permissions_of_a_replaced_file_stay() {
    let chart = Chart::built(FILES);
    fs::set_permissions(chart.path("values.yaml"), fs::Permissions::from_mode(0o640)).unwrap();
    chart.build(&[FILES[0], ("values.yaml", "a: 2\n")]).unwrap();
    let mode = fs::metadata(chart.path("values.yaml"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o640);
}

#[test]
fn a_read_only_folder_is_named_and_left_alone() {
    let chart = Chart::built(FILES);
    fs::set_permissions(&chart.folder, fs::Permissions::from_mode(0o555)).unwrap();
    let is_root = fs::File::create(chart.path("probe")).is_ok();
    if !is_root {
        let failure = chart.build(&[FILES[0]]).unwrap_err();
        assert_eq!(failure.exit, Exit::World);
        assert!(
            failure.message.contains("chart-out/x"),
            "{}",
            failure.message
        );
        assert!(failure.help.is_some());
        assert_eq!(chart.read("values.yaml"), "a: 1\n");
    }
    fs::set_permissions(&chart.folder, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Root may write everywhere, but nobody can make folders here.
#[cfg(target_os = "linux")]
#[test]
fn a_place_that_takes_no_folder_is_named() {
    let mut chart = Chart::new();
    chart.folder = "/proc/taskspec/chart".into();
    let failure = chart.build(FILES).unwrap_err();
    assert_eq!(failure.exit, Exit::World);
    assert!(
        failure.message.contains("/proc/taskspec/chart"),
        "{}",
        failure.message
    );
}
