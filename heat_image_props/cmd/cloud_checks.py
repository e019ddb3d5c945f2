# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#      http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

"""Checks of a cloud, by asking Keystone, Heat and Glance."""

from __future__ import annotations

import functools
import os
from typing import Any

from oslo_config import cfg
from oslo_upgradecheck import upgradecheck

from heat_image_props.cmd import loading
from heat_image_props.cmd import results
from heat_image_props.cmd import survey
from heat_image_props import exception

# Hidden images and hashes.  Locations by reference.
_OLDEST_IMAGE_API, _REFERENCES = 7, 17
_DEFAULT_PROPERTY_QUOTA = 128

_LOGIN = (
    'Not done: there are no credentials. Give --os-cloud with a name of '
    'clouds.yaml, or set the variables OS_*, as for the command openstack.'
)
_NO_ACCESS = 'Not done: see "Access to the cloud".'


class CloudChecks:
    """The checks that need credentials, the one for those first.

    :param config: the configuration that was read
    """

    def __init__(self, config: cfg.ConfigOpts) -> None:
        super().__init__()
        self._config = config
        # Why there is no cloud to ask, for the checks after the first.
        self._not_done = ''

    @functools.cached_property
    def _cloud(self) -> survey.Cloud:
        return survey.Cloud.connect(
            self._config.os_cloud, self._config.os_region_name
        )

    @functools.cached_property
    def _survey(self) -> survey.Survey | survey.NotSeen:
        try:
            return self._cloud.survey()
        except survey.NotSeen as error:
            return error

    def access(self) -> upgradecheck.Result:
        """Log in, if there is something to log in with."""
        if not survey.has_credentials(os.environ, self._config.os_cloud):
            self._not_done = _NO_ACCESS
            return results.result(results.SUCCESS, _LOGIN)
        try:
            cloud = self._cloud
            text = f'Asked as an account of project {cloud.project}'
        except survey.NotSeen as error:
            self._not_done = _NO_ACCESS
            if error.status == 401:
                return results.result(
                    results.WARNING,
                    f'Keystone refuses the credentials: {error}',
                    'Correct the variables OS_* or the entry of clouds.yaml; '
                    'a token may have expired.',
                )
            return results.result(
                results.WARNING,
                f'No token: {error}',
                'Correct the variables OS_* or the entry of clouds.yaml, and '
                'see to it that Keystone can be reached from here.',
            )
        region = f', in region {cloud.region}' if cloud.region else ''
        return results.result(results.SUCCESS, f'{text}{region}.')

    def running_engines(self) -> upgradecheck.Result:
        """See that heat-engine was restarted after the installation."""
        if self._not_done:
            return results.result(results.SUCCESS, self._not_done)
        try:
            found = self._cloud.properties()
        except survey.NotSeen as error:
            return _not_seen(error, 'Heat does not show the type')
        if found is None or 'property' not in found:
            return results.result(
                results.FAILURE,
                'The Heat of the cloud does not use this package for '
                f'{loading.IMAGE}.',
                'Install it where every heat-engine of the cloud runs, and '
                'restart them all.',
            )
        return results.result(
            results.SUCCESS,
            'The engine that answered uses this package. All others need it '
            'too.',
        )

    def image_service(self) -> upgradecheck.Result:
        """Compare the version of the Image API."""
        if self._not_done:
            return results.result(results.SUCCESS, self._not_done)
        try:
            minor = self._cloud.image_api_version()
        except survey.NotSeen as error:
            return _not_seen(error, 'Glance does not answer', results.FAILURE)
        if minor is None or minor < _OLDEST_IMAGE_API:
            found = 'not offered' if minor is None else f'2.{minor}'
            return results.result(
                results.FAILURE,
                f'Version 2 of the Image API: {found}.',
                f'2.{_OLDEST_IMAGE_API} or newer is needed: upgrade Glance, '
                'or correct the endpoint of the service "image".',
            )
        text = f'Image API 2.{minor}.'
        if minor < _REFERENCES:
            text += (
                ' Templates cannot let an image refer to data in place '
                f'(import_method: reference), which needs 2.{_REFERENCES}.'
            )
        return results.result(results.SUCCESS, text)

    def imports(self) -> upgradecheck.Result:
        """List import methods and stores."""
        if self._not_done:
            return results.result(results.SUCCESS, self._not_done)
        try:
            methods = sorted(self._cloud.images.import_methods())
            stores = self._cloud.images.stores()
        except exception.RequestFailed as error:
            return _not_seen(error, 'Glance does not tell')
        lines = [
            f'Import methods: {", ".join(methods) or "none"}.',
            f'Stores: {", ".join(stores) or "one, without a choice"}.',
        ]
        if 'web-download' not in methods:
            return results.result(
                results.WARNING,
                *lines,
                'Without web-download no template can name a location to '
                'download from. Add it to enabled_import_methods in the '
                'configuration of Glance, unless that is intended.',
            )
        if len(stores) > 1 and 'copy-image' not in methods:
            return results.result(
                results.WARNING,
                *lines,
                'Without copy-image no update can add a store to an image '
                'that has data. Add it to enabled_import_methods in the '
                'configuration of Glance, unless that is intended.',
            )
        return results.result(results.SUCCESS, *lines)

    def quotas(self) -> upgradecheck.Result:
        """Say what is known about limits of Glance."""
        if self._not_done:
            return results.result(results.SUCCESS, self._not_done)
        try:
            usage = self._cloud.usage()
        except survey.NotSeen as error:
            return _not_seen(error, 'Glance does not tell usage and limits')
        lines = [
            'How many properties an image may have (image_property_quota, '
            f'{_DEFAULT_PROPERTY_QUOTA} by default) no API tells; an image '
            'with more fails with HTTP 413.',
        ]
        seen = self._survey
        if isinstance(seen, survey.Survey) and seen.most:
            lines.append(
                f'The most that an image of a stack has: {seen.most[0]} '
                f'({seen.most[1]}).'
            )
        lines += [
            f'{name}: {used} of '
            + (f'{limit}' if limit >= 0 else 'any number')
            for name, (used, limit) in sorted(usage.items())
        ]
        full = [
            name for name, (used, limit) in usage.items() if _full(used, limit)
        ]
        if full:
            return results.result(
                results.WARNING,
                *lines,
                f'{", ".join(sorted(full))}: exhausted. Stacks of this '
                'project cannot create an image: raise the limit in '
                'Keystone, or delete images.',
            )
        return results.result(results.SUCCESS, *lines)

    def placeholders(self) -> upgradecheck.Result:
        """List resources that have no image."""
        if self._not_done:
            return results.result(results.SUCCESS, self._not_done)
        seen = self._survey
        if isinstance(seen, survey.NotSeen):
            return _not_seen(seen, 'The stacks cannot be looked at')
        lines = [
            f'Stacks: {seen.stacks}, resources with an image: {seen.images}, '
            f'without: {len(seen.placeholders)}.'
        ]
        if not seen.is_everywhere:
            lines.append(
                'Only stacks of this project were looked at, and images that '
                'it can see: Heat does not list those of all projects to the '
                'account. Repeat this as an administrator, or in each project.'
            )
        if seen.busy:
            lines.append(
                f'Heat is working at {seen.busy} more; repeat this later.'
            )
        if seen.unseen:
            lines.append('Could not be looked at:')
            lines += [f'- {text}' for text in seen.unseen]
        if seen.placeholders:
            lines.append(
                'Without an image: Heat only pretended to make it, or it has '
                'been deleted since. The next update of the stack makes it '
                '(openstack stack update --existing STACK); who does not want '
                'it takes the resource out of the template first.'
            )
            lines += [
                f'- stack {each.stack}, resource {each.resource}, image '
                f'{each.image_id}'
                for each in seen.placeholders
            ]
        attention = seen.placeholders or seen.unseen
        return results.result(
            results.WARNING if attention else results.SUCCESS, *lines
        )


def _full(used: int, limit: int) -> bool:
    return 0 <= limit <= used


def _not_seen(
    error: survey.NotSeen | exception.RequestFailed,
    what: str,
    code: Any = results.WARNING,
) -> upgradecheck.Result:
    """Say what could not be looked at, and what to do about it."""
    if error.status == 401:
        advice = 'The token is refused: log in again, and repeat this.'
    elif error.status == 403:
        advice = 'The account may not see it: repeat this as another one.'
    elif error.status is None or error.status >= 500:
        advice = 'Repair the service or the way to it, and repeat this.'
    else:
        advice = 'See to the endpoint in the catalogue, and repeat this.'
    if error.status in (401, 403):
        code = results.WARNING
    return results.result(code, f'{what}: {error}', advice)
