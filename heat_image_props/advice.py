#    Licensed under the Apache License, Version 2.0 (the "License"); you may
#    not use this file except in compliance with the License. You may obtain
#    a copy of the License at
#
#         http://www.apache.org/licenses/LICENSE-2.0
#
#    Unless required by applicable law or agreed to in writing, software
#    distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
#    WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
#    License for the specific language governing permissions and limitations
#    under the License.

"""Tells, by the cloud's metadata definitions, what may be a mistake."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any

from heat.common import cache
from oslo_config import cfg
from oslo_log import log as logging

from heat_image_props import conf
from heat_image_props import conformity
from heat_image_props import declaration
from heat_image_props import definitions
from heat_image_props import holder
from heat_image_props import metadefs
from heat_image_props import redact
from heat_image_props import report
from heat_image_props import rules

LOG = logging.getLogger(__name__)

#: What this process knows.
LIBRARY = definitions.Library(cache.get_cache_region())

# Values of an enumeration that are named.
_MOST_NAMED = 12


class Advisable(holder.ImageHolder):
    """A resource whose properties are compared with what is defined."""

    def _unfit(self, values: Mapping[str, Any]) -> tuple[rules.Offence, ...]:
        """Return what is to be refused, and log the rest of the advice.

        :param values: properties of the resource by name, as far as known
        """
        mode = conf.metadefs(cfg.CONF)
        findings = self._findings(values)
        refused = [
            each for each in findings if each.problem and mode == 'enforce'
        ]
        accepted = [each for each in findings if each not in refused]
        if accepted:
            LOG.warning(
                'Stack %(stack)s, resource %(name)s: by the metadata '
                'definitions of the cloud, %(advice)s',
                {
                    'stack': self.stack.name,
                    'name': self.name,
                    'advice': '; '.join(map(str, map(offence, accepted))),
                },
            )
        return tuple(map(offence, refused))

    def _advise(
        self,
        values: Mapping[str, Any],
        before: Mapping[str, Any] | None = None,
    ) -> None:
        """Leave an event with all advice, unless it was given before.

        :param values: properties of the resource by name
        :param before: those that it had until now, if it had any
        """
        findings = self._findings(values)
        if findings and (before is None or findings != self._findings(before)):
            self._tell(summary(map(offence, findings)))

    def _findings(
        self, values: Mapping[str, Any]
    ) -> tuple[conformity.Finding, ...]:
        """Return what is not as defined, as far as that is known."""
        declared = declaration.texts(values)
        # What cannot be read is a reason to refuse a stack, but for a
        # roll-back, which nobody validates: that goes on without advice.
        if 'metadefs' in conf.unreadable(cfg.CONF):
            return ()
        if not declared or conf.metadefs(cfg.CONF) == 'off':
            return ()
        known: metadefs.Definitions | None = None
        try:
            source = self.client().http_client
            known = LIBRARY.get(
                (
                    self.context.auth_url,
                    source.region_name,
                    source.interface,
                    source.endpoint_override,
                ),
                str(self.context.project_id),
                declared,
                lambda: self._api(is_patient=False),
            )
        except Exception as error:
            # Whatever it is: advice that cannot be given is no failure of
            # the stack.
            LOG.debug('No metadata definitions: %s', redact.mask(str(error)))
        return conformity.judge(declared, known or {})


def offence(finding: conformity.Finding) -> rules.Offence:
    """Return what was found in the form of all refusals."""
    remedy = 'correct the value'
    if finding.nearest is not None:
        remedy = f"did you mean '{_shown(finding.nearest)}'?"
    elif finding.allowed:
        named = [_shown(each) for each in finding.allowed[:_MOST_NAMED]]
        if len(named) < len(finding.allowed):
            named.append('...')
        remedy = f'use one of {", ".join(named)}'
    if not finding.problem:
        reason = conformity.UNDEFINED
    elif finding.value is None:
        reason = f'has a value that {_shown(finding.problem)}'
    else:
        reason = (
            f"has the value '{_shown(finding.value)}', which "
            f'{_shown(finding.problem)}'
        )
    return rules.Offence(_shown(finding.key), reason, remedy)


def summary(offences: Iterable[rules.Offence]) -> str:
    """Return as much of some advice as an event holds."""
    lines = [str(each) for each in offences]
    count = len(lines)
    while True:
        rest = len(lines) - count
        more = [f'{rest} more, in the log of heat-engine'] if rest else []
        text = 'metadata definitions: ' + '; '.join([*lines[:count], *more])
        if len(text) <= report.MAX_REASON_LENGTH or not count:
            return text
        count -= 1


def _shown(text: str) -> str:
    """Return a text without credentials, in a form that is safe to show."""
    return rules.shown(redact.mask(text))
