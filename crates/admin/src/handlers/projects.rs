//! List, show, limit and unlimit projects.

use std::sync::Arc;

use keys::{Project, ProjectView};
use schemars::JsonSchema;
use serde::Serialize;
use server::{Call, Response};

use crate::{Admin, answer, parameters::Parameters, problem};

/// The longest description of a project that is taken.
const MOST_BYTES: usize = 64 * 1024;

/// Projects by name.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ProjectList {
    /// Those that the caller may see.
    projects: Vec<ProjectView>,
}

/// A project's limits were taken away.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ProjectRemoved {
    /// Always `success`.
    status: &'static str,
    /// Its name.
    project: String,
}

/// `GET /api/projects`
pub(crate) async fn list(admin: Arc<Admin>, call: Call) -> Response {
    answer::ok(&ProjectList { projects: admin.keys.projects_seen_by(&call.caller) })
}

/// `GET /api/projects/{name}`
pub(crate) async fn show(admin: Arc<Admin>, call: Call) -> Response {
    match admin.keys.show_project(&call.caller, call.param("name").unwrap_or_default()) {
        Ok(project) => answer::ok(&project),
        Err(error) => problem::key_error(&error, "Failed to show the project"),
    }
}

/// `PUT /api/projects/{name}`
pub(crate) async fn set(
    admin: Arc<Admin>,
    parameters: Arc<Parameters<Project>>,
    mut call: Call,
) -> Response {
    let name = call.param("name").unwrap_or_default().to_owned();
    let project = match parameters.read(&mut call, MOST_BYTES).await {
        Ok(project) => project,
        Err(refused) => return refused,
    };
    match admin.keys.set_project(name, project).await {
        Ok(project) => answer::ok(&project),
        Err(error) => problem::key_error(&error, "Failed to set the project's limits"),
    }
}

/// `DELETE /api/projects/{name}`
pub(crate) async fn remove(admin: Arc<Admin>, call: Call) -> Response {
    let project = call.param("name").unwrap_or_default().to_owned();
    match admin.keys.remove_project(project.clone()).await {
        Ok(()) => answer::ok(&ProjectRemoved { status: "success", project }),
        Err(error) => problem::key_error(&error, "Failed to remove the project's limits"),
    }
}
