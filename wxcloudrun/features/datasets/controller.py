"""Datasets over HTTP."""

from wxcloudrun.core.actor import Actor
from wxcloudrun.core.http import Upload
from wxcloudrun.core.pagination import Page
from wxcloudrun.core.shapes import Removed
from wxcloudrun.features.datasets.imports import DatasetImports
from wxcloudrun.features.datasets.order import DatasetOrder
from wxcloudrun.features.datasets.schemas import (
    DatasetChange,
    DatasetCopied,
    DatasetMade,
    DatasetMoved,
    DatasetsQuery,
    DatasetView,
    ImportOptions,
    ImportView,
    NoDefault,
)
from wxcloudrun.features.datasets.service import DatasetService
from wxcloudrun.features.files.service import Sent


def datasets(
    actor: Actor, project_id: int, case_id: int, query: DatasetsQuery, datasets: DatasetService
) -> Page[DatasetView]:
    """List a case's datasets in their order."""
    return datasets.page(actor, project_id, case_id, query)


def add_dataset(
    actor: Actor, project_id: int, case_id: int, body: DatasetMade, datasets: DatasetService
) -> DatasetView:
    """Make a dataset. For editors."""
    return datasets.add(actor, project_id, case_id, body)


def dataset(actor: Actor, project_id: int, case_id: int, dataset_id: int, datasets: DatasetService) -> DatasetView:
    """Read a dataset; of credentials only that they are set."""
    return datasets.view(actor, project_id, case_id, dataset_id)


def change_dataset(
    actor: Actor, project_id: int, case_id: int, dataset_id: int, body: DatasetChange, datasets: DatasetService
) -> DatasetView:
    """Change the fields of a dataset that are sent. For editors."""
    return datasets.change(actor, project_id, case_id, dataset_id, body)


def remove_dataset(actor: Actor, project_id: int, case_id: int, dataset_id: int, datasets: DatasetService) -> Removed:
    """Remove a dataset. For editors."""
    return datasets.remove(actor, project_id, case_id, dataset_id)


def copy_dataset(
    actor: Actor, project_id: int, case_id: int, dataset_id: int, body: DatasetCopied, datasets: DatasetService
) -> DatasetView:
    """Copy a dataset with its credentials to the end of the list. For editors."""
    return datasets.copy(actor, project_id, case_id, dataset_id, body)


def move_dataset(
    actor: Actor, project_id: int, case_id: int, dataset_id: int, body: DatasetMoved, order: DatasetOrder
) -> DatasetView:
    """Give a dataset another place in the list. For editors."""
    return order.move(actor, project_id, case_id, dataset_id, body)


def make_default(actor: Actor, project_id: int, case_id: int, dataset_id: int, order: DatasetOrder) -> DatasetView:
    """Make a dataset the case's default one. For editors."""
    return order.make_default(actor, project_id, case_id, dataset_id)


def clear_default(actor: Actor, project_id: int, case_id: int, order: DatasetOrder) -> NoDefault:
    """Let the case have no default dataset. For editors."""
    return order.clear_default(actor, project_id, case_id)


def import_datasets(
    actor: Actor, project_id: int, case_id: int, upload: Upload, form: ImportOptions, imports: DatasetImports
) -> ImportView:
    """Take in the rows of a CSV or JSON file: all, or none where one is wrong. For editors."""
    file = Sent(upload.name, upload.content_type, upload.content)
    return imports.load(actor, project_id, case_id, file, form)
