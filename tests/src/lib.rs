//! Shared helpers of the tests: specifications are built into charts in
//! temporary folders, charts are rendered by the Helm versions in `.tools/`,
//! and renderings are read as objects that the checks in [`structure`] judge.

pub mod chart;
pub mod crossed;
pub mod existing;
pub mod manifest;
pub mod parallel;
pub mod review;
pub mod sarif;
pub mod structure;
pub mod tables;
pub mod text;
pub mod tools;
pub mod verify;
