"""How the parts of projects and of their library are made; imported when somebody first asks for one of them."""

from typing import TYPE_CHECKING, Any

from wxcloudrun.core.clock import Clock
from wxcloudrun.core.container import Container
from wxcloudrun.core.crypto import KeyRing
from wxcloudrun.features.audit.service import AuditService
from wxcloudrun.features.cases.access import CaseAccess
from wxcloudrun.features.cases.copies import CaseCopies, CopyHooks
from wxcloudrun.features.cases.planning import CasePlanning
from wxcloudrun.features.cases.records import CaseRecords
from wxcloudrun.features.cases.service import Above, CaseService
from wxcloudrun.features.cases.shared import LibraryService
from wxcloudrun.features.cases.versions import VersionService
from wxcloudrun.features.datasets.copies import DatasetCopies
from wxcloudrun.features.datasets.imports import DatasetImports
from wxcloudrun.features.datasets.order import DatasetOrder
from wxcloudrun.features.datasets.planning import DatasetPlanning
from wxcloudrun.features.datasets.service import DatasetService
from wxcloudrun.features.environments.planning import EnvironmentPlanning
from wxcloudrun.features.environments.service import EnvironmentService
from wxcloudrun.features.environments.variables import VariableService
from wxcloudrun.features.files.planning import FilePlanning
from wxcloudrun.features.files.service import FileService
from wxcloudrun.features.projects.access import ProjectAccess
from wxcloudrun.features.projects.invitations import InvitationService
from wxcloudrun.features.projects.members import MemberService
from wxcloudrun.features.projects.ranges import AddressGrants
from wxcloudrun.features.projects.service import ProjectService
from wxcloudrun.features.projects.tokens import ApiTokenService
from wxcloudrun.features.scenarios.access import ScenarioAccess
from wxcloudrun.features.scenarios.checking import ScenarioChecking
from wxcloudrun.features.scenarios.copies import ScenarioCopies
from wxcloudrun.features.scenarios.planning import ScenarioPlanning
from wxcloudrun.features.scenarios.service import ScenarioService
from wxcloudrun.features.scenarios.steps import StepService
from wxcloudrun.features.scenarios.uses import CaseUses
from wxcloudrun.features.users.pictures import PictureFiles
from wxcloudrun.features.wechat.service import WechatService
from wxcloudrun.integrations.object_store import ObjectStore

if TYPE_CHECKING:
    from config import Settings


def provide_projects(settings: "Settings", container: Container, session: Any, clock: Clock, keys: KeyRing) -> None:
    """How projects, and what belongs to them, are made."""
    get, provide = container.get, container.provide
    page = settings.wechat_invitation_page
    provide(ProjectAccess, lambda: ProjectAccess(session))
    provide(ProjectService, lambda: ProjectService(session, clock, get(AuditService), get(ProjectAccess)))
    provide(MemberService, lambda: MemberService(session, clock, get(AuditService), get(ProjectAccess)))
    provide(AddressGrants, lambda: AddressGrants(session, clock, get(AuditService), get(ProjectAccess)))
    provide(ApiTokenService, lambda: ApiTokenService(session, clock, get(AuditService), get(ProjectAccess)))
    provide(
        InvitationService,
        lambda: InvitationService(session, clock, get(AuditService), get(ProjectAccess), get(WechatService), page),
    )
    provide(
        EnvironmentService,
        lambda: EnvironmentService(session, clock, keys, get(AuditService), get(ProjectAccess)),
    )
    provide(VariableService, lambda: VariableService(session, clock, keys, get(AuditService), get(ProjectAccess)))
    provide(EnvironmentPlanning, lambda: EnvironmentPlanning(session, keys))
    provide_cases(container, session, clock, keys)
    provide_files(container, session, clock)
    provide_datasets(container, session, clock, keys)
    provide_copies(container, session)
    provide_scenarios(container, session, clock, keys)


def provide_cases(container: Container, session: Any, clock: Clock, keys: KeyRing) -> None:
    """How cases are made; scenarios tell which of them they use, datasets which names they give."""
    get, provide = container.get, container.provide
    above = Above(
        in_use=lambda case_id: get(CaseUses).of(case_id),
        given=lambda case_id: get(DatasetPlanning).names(case_id),
    )
    provide(CaseAccess, lambda: CaseAccess(session, get(ProjectAccess)))
    provide(
        CaseRecords,
        lambda: CaseRecords(
            session,
            clock,
            keys,
            get(AuditService),
            known_files=lambda project_id, ids: get(FilePlanning).known(project_id, ids),
        ),
    )
    provide(CasePlanning, lambda: CasePlanning(session, keys))
    provide(
        CaseService,
        lambda: CaseService(session, clock, get(ProjectAccess), get(CaseRecords), get(EnvironmentPlanning), above),
    )


def provide_files(container: Container, session: Any, clock: Clock) -> None:
    """How files of projects are made; cases tell which of them they use."""
    get, provide = container.get, container.provide
    provide(
        FileService,
        lambda: FileService(
            session,
            clock,
            get(AuditService),
            get(ProjectAccess),
            get(ObjectStore),
            get(PictureFiles),
            in_use=lambda project_id, file_id: get(CasePlanning).sends_file(project_id, file_id),
        ),
    )
    provide(FilePlanning, lambda: FilePlanning(session, get(ObjectStore)))


def provide_datasets(container: Container, session: Any, clock: Clock, keys: KeyRing) -> None:
    """How datasets of cases are made."""
    get, provide = container.get, container.provide
    provide(DatasetService, lambda: DatasetService(session, clock, keys, get(AuditService), get(CaseAccess)))
    provide(DatasetOrder, lambda: DatasetOrder(session, get(AuditService), get(CaseAccess)))
    provide(DatasetImports, lambda: DatasetImports(session, clock, keys, get(AuditService), get(CaseAccess)))
    provide(DatasetPlanning, lambda: DatasetPlanning(session, keys))
    provide(DatasetCopies, lambda: DatasetCopies(session, clock))


def provide_copies(container: Container, session: Any) -> None:
    """How cases are copied and moved with what belongs to them, how they go back, and how the library is read."""
    get, provide = container.get, container.provide
    hooks = CopyHooks(
        copied=lambda old, new, whole: get(DatasetCopies).copy(old, new, with_secrets=whole),
        moved=lambda case_id: get(DatasetCopies).leave(case_id),
        in_use=lambda case_id: get(CaseUses).of(case_id),
    )
    provide(LibraryService, lambda: LibraryService(session))
    provide(
        CaseCopies,
        lambda: CaseCopies(
            session,
            get(AuditService),
            get(ProjectAccess),
            get(CaseAccess),
            get(CaseRecords),
            get(CaseService),
            hooks,
        ),
    )
    provide(
        VersionService,
        lambda: VersionService(
            session,
            get(ProjectAccess),
            get(CaseAccess),
            get(CaseRecords),
            get(CaseService),
            known_files=lambda project_id, ids: get(FilePlanning).known(project_id, ids),
        ),
    )


def provide_scenarios(container: Container, session: Any, clock: Clock, keys: KeyRing) -> None:
    """How scenarios and their steps are made."""
    get, provide = container.get, container.provide
    provide(ScenarioAccess, lambda: ScenarioAccess(session, get(ProjectAccess)))
    provide(ScenarioChecking, lambda: ScenarioChecking(session, get(ScenarioAccess), get(EnvironmentPlanning)))
    provide(
        ScenarioService,
        lambda: ScenarioService(
            session, clock, keys, get(AuditService), get(ProjectAccess), get(ScenarioAccess), get(ScenarioChecking)
        ),
    )
    provide(
        StepService,
        lambda: StepService(
            session, clock, keys, get(AuditService), get(ScenarioAccess), get(CaseAccess), get(ScenarioChecking)
        ),
    )
    provide(
        ScenarioCopies,
        lambda: ScenarioCopies(session, clock, get(AuditService), get(ScenarioAccess), get(ScenarioChecking)),
    )
    provide(ScenarioPlanning, lambda: ScenarioPlanning(session, keys, get(CasePlanning), get(DatasetPlanning)))
    provide(CaseUses, lambda: CaseUses(session))
