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

"""Tests of the comparison of properties with metadata definitions."""

import hypothesis
from hypothesis import strategies as st

from heat_image_props import conformity
from heat_image_props import metadefs
from heat_image_props.tests import base
from heat_image_props.tests.unit import fake_glance_metadefs
from heat_image_props.tests.unit import test_metadefs

GLANCE = metadefs.merge(map(metadefs.read, fake_glance_metadefs.loaded()))

#: Names that Nova reads of an image (``ImageMetaProps`` of
#: ``nova/objects/image_meta.py``) and that others write; most of them are
#: not defined.
READ = (
    'auto_disk_config hw_architecture hw_auto_disk_config hw_boot_menu '
    'hw_cdrom_bus hw_cpu_cores hw_cpu_max_cores hw_cpu_max_sockets '
    'hw_cpu_max_threads hw_cpu_policy hw_cpu_realtime_mask hw_cpu_sockets '
    'hw_cpu_thread_policy hw_cpu_threads hw_device_id hw_disk_bus '
    'hw_disk_type hw_emulation_architecture hw_firmware_stateless '
    'hw_firmware_type hw_floppy_bus hw_input_bus hw_ipxe_boot '
    'hw_locked_memory hw_machine_type hw_maxphysaddr_bits '
    'hw_maxphysaddr_mode hw_mem_encryption hw_mem_encryption_context '
    'hw_mem_encryption_model hw_mem_page_size hw_numa_cpus.0 hw_numa_cpus.1 '
    'hw_numa_mem.0 hw_numa_mem.1 hw_numa_nodes hw_pci_numa_affinity_policy '
    'hw_pmu hw_pointer_model hw_qemu_guest_agent hw_rescue_bus '
    'hw_rescue_device hw_rng_model hw_scsi_model hw_serial_port_count '
    'hw_sound_model hw_time_hpet hw_tpm_model hw_tpm_secret_security '
    'hw_tpm_version hw_usb_model hw_video_model hw_video_ram hw_vif_model '
    'hw_vif_multiqueue_enabled hw_viommu_model hw_virtio_packed_ring '
    'hw_vm_mode hw_watchdog_action hypervisor_type img_bdm_v2 '
    'img_config_drive img_hide_hypervisor_id img_hv_requested_version '
    'img_hv_type img_linked_clone img_owner_id img_signature img_use_agent '
    'img_version os_admin_user os_command_line os_distro os_require_quiesce '
    'os_secure_boot os_shutdown_timeout os_type os_version architecture '
    'cinder_encryption_key_id image_type instance_uuid kernel_id team '
    'trait:COMPUTE_SECURITY_TPM_2_0 traits:COMPUTE_SECURITY_TPM_2_0'
).split()


def definitions(**schemas):
    """Return definitions of properties by schema, strings unless said."""
    return metadefs.read(
        {
            'properties': {
                key: {'type': 'string', **schema}
                for key, schema in schemas.items()
            }
        }
    )


def clause(value, **schema):
    """Return what is wrong with a value by a schema, None if nothing is."""
    found = conformity.judge({'key': value}, definitions(key=schema))
    return found[0].problem if found else None


def nearest(key, value, known=GLANCE):
    """Return what is meant by a property, None if nothing is wrong."""
    found = conformity.judge({key: value}, known)
    return found[0].nearest if found else None


class TestValues(base.BaseTestCase):
    """Values by type, as text."""

    scenarios = [
        (
            f'{schema} {value}',
            {'schema': schema, 'value': value, 'wrong': wrong},
        )
        for schema, value, wrong in (
            ({'type': 'integer'}, '4', None),
            ({'type': 'integer'}, ' -4 ', None),
            ({'type': 'integer'}, '4.0', 'is no whole number'),
            ({'type': 'integer'}, '', 'is no whole number'),
            ({'type': 'integer'}, '4' * 5000, 'is no whole number'),
            ({'type': 'integer', 'minimum': 0}, '-1', 'is less than 0'),
            ({'type': 'integer', 'maximum': 8}, '9', 'is greater than 8'),
            ({'type': 'integer', 'enum': ['1', 'x', '2']}, '02', None),
            (
                {'type': 'integer', 'enum': ['1', 'x', '2']},
                '3',
                conformity.UNDEFINED,
            ),
            ({'type': 'number'}, '1.5e3', None),
            ({'type': 'number'}, 'nan', 'is no number'),
            ({'type': 'number', 'maximum': 1.5}, '1.6', 'is greater than 1.5'),
            ({'type': 'boolean'}, 'true', None),
            ({'type': 'boolean'}, 'Yes', None),
            ({'type': 'boolean'}, 'maybe', 'is neither true nor false'),
            ({}, '', None),
            ({'enum': ['a', 'b']}, 'b', None),
            ({'enum': ['a', 'b']}, 'B', conformity.UNDEFINED),
            # A word for a boolean is as good as any other.
            ({'enum': ['yes', 'no']}, 'true', None),
            ({'enum': ['yes', 'no']}, 'perhaps', conformity.UNDEFINED),
            ({'minLength': 2}, 'a', 'is shorter than 2 characters'),
            ({'maxLength': 2}, 'abc', 'is longer than 2 characters'),
            ({'pattern': '^[0-9]+$'}, '12', None),
            ({'pattern': '^a$'}, 'b', 'does not match the pattern ^a$'),
            # Longer than what a pattern is tried on.
            ({'pattern': '^a$'}, 'b' * 129, None),
            ({'pattern': '(a+)+$'}, 'a' * 40 + '!', None),
            ({'type': 'array'}, 'a,b', None),
            ({'type': 'array', 'minItems': 1}, '', 'has fewer than 1 items'),
            ({'type': 'array', 'maxItems': 1}, 'a,b', 'has more than 1 items'),
            ({'type': 'array', 'uniqueItems': True}, 'a,b', None),
            (
                {'type': 'array', 'uniqueItems': True},
                'a,a',
                'has an item twice',
            ),
            (
                {'type': 'array', 'items': {'type': 'integer'}},
                '1, x',
                'is no whole number',
            ),
            (
                {'type': 'array', 'items': {'type': 'string', 'enum': ['a']}},
                'a,b',
                conformity.UNDEFINED,
            ),
        )
    ]

    def test_value(self):
        """A value is judged by what its text means."""
        self.assertEqual(self.wrong, clause(self.value, **self.schema))


class TestOperators(base.BaseTestCase):
    """Values with an operator that the definition has."""

    ENUM = {'enum': ['a', 'b c'], 'operators': ['<or>', '<in>', '<all-in>']}
    LIST = {
        'type': 'array',
        'operators': ['<or>', '<all-in>'],
        'items': {'type': 'string', 'enum': ['a', 'b']},
    }
    NUMBER = {'type': 'integer', 'operators': ['>=', '<range-in>']}

    scenarios = [
        (
            f'{schema["type"] if "type" in schema else "string"} {value}',
            {'schema': schema, 'value': value, 'is_right': is_right},
        )
        for schema, value, is_right in (
            (ENUM, '<or> a <or> b c', True),
            (ENUM, '<or> a <or> d', False),
            (ENUM, '<in> a', True),
            (ENUM, '<in> x', False),
            (ENUM, 'a', True),
            ({'enum': ['a']}, '<in> a', False),
            (LIST, '<or> a <or> b', True),
            (LIST, '<all-in> a b', True),
            (LIST, '<all-in> a,b', True),
            (LIST, '<all-in> a,c', False),
            (LIST, 'a,b', True),
            (NUMBER, '>= 4', True),
            (NUMBER, '>= x', False),
            (NUMBER, '== 4', False),
            # What its operands are is not known here.
            (NUMBER, '<range-in> [ 1 4 ]', True),
        )
    ]

    def test_operands(self):
        """Each operand is judged, if the definition has the operator."""
        self.assertIs(self.is_right, clause(self.value, **self.schema) is None)


class TestFindings(base.BaseTestCase):
    """What is told of a value."""

    def test_sorted_with_all_there_is(self):
        """They are sorted by name, with what is allowed."""
        found = conformity.judge(
            {'b': 'x', 'a': 'ono', 'c': 'y'},
            definitions(
                a={'enum': ['one', 'two']}, b={'type': 'integer'}, c={}
            ),
        )
        self.assertEqual(
            (
                conformity.Finding(
                    'a', conformity.UNDEFINED, 'ono', 'one', ('one', 'two')
                ),
                conformity.Finding('b', 'is no whole number', 'x'),
            ),
            found,
        )

    def test_defined_twice(self):
        """One of several definitions is enough, and all are named."""
        self.assertIsNone(nearest('hw_vif_model', 'vmxnet3'))
        self.assertIsNone(nearest('hw_vif_model', 'VirtualVmxnet3'))
        found = conformity.judge({'hw_vif_model': 'x'}, GLANCE)[0]
        self.assertIn('vmxnet3', found.allowed)
        self.assertIn('VirtualVmxnet3', found.allowed)

    def test_secrets(self):
        """What is free text, or confidential, is not shown."""
        schemas = {
            'a': {'minLength': 9},
            'b': {'enum': ['x', 'y'], 'confidential': True},
            'c': {'type': 'array', 'maxItems': 1},
        }
        found = conformity.judge(
            {'a': 's3cr3t', 'b': 's3cr3t', 'c': 's3,cr3t'},
            definitions(**schemas),
        )
        self.assertEqual([None] * 3, [each.value for each in found])

    def test_part_of_a_value(self):
        """Of several operands the one that is wrong is shown."""
        found = conformity.judge(
            {'hw_tpm_version': '<or> 1.2 <or> 3.0'}, GLANCE
        )
        self.assertEqual('3.0', found[0].value)
        self.assertEqual('2.0', found[0].nearest)


class TestMisspelt(base.BaseTestCase):
    """Names and values that are nearly those that are defined."""

    def test_value(self):
        """What is meant by a misspelt value is found."""
        self.assertEqual('virtio', nearest('hw_disk_bus', 'virtoi'))
        self.assertEqual('virtio', nearest('hw_disk_bus', 'VirtIO'))
        self.assertEqual('rtl8139', nearest('hw_vif_model', 'rtl8138'))
        self.assertIsNone(nearest('hw_disk_bus', 'nonsense'))
        self.assertIsNone(nearest('hw_disk_bus', 'x' * 60000))

    def test_name(self):
        """What is meant by a misspelt name is found."""
        for key, meant in (
            ('hw_dsik_bus', 'hw_disk_bus'),
            ('hw_disk_buss', 'hw_disk_bus'),
            ('hw:disk_bus', 'hw_disk_bus'),
            ('HW-Disk-Bus', 'hw_disk_bus'),
            ('os_tpye', 'os_type'),
            ('hw_cpu_policies', 'hw_cpu_policy'),
        ):
            self.assertEqual(meant, nearest(key, 'x'), key)

    def test_name_beside_the_one_that_is_meant(self):
        """A name is not misspelt if the other one is declared too."""
        declared = {'hw_disk_buss': 'x', 'hw_disk_bus': 'scsi'}
        self.assertEqual((), conformity.judge(declared, GLANCE))

    def test_other_names(self):
        """Names that Nova reads and Glance does not define are no mistakes."""
        for key in READ:
            found = conformity.judge({key: 'x'}, GLANCE)
            self.assertEqual([], [each for each in found if not each.problem])

    def test_numbered_names(self):
        """Names that differ in a number are different ones."""
        known = definitions(**{'my_numa_cpus_0': {}})
        self.assertIsNone(nearest('my_numa_cpus_1', '4', known))
        self.assertEqual(
            'my_numa_cpus_0', nearest('my_numa_cpu_0', '4', known)
        )

    def test_many(self):
        """Where there are too many names only some are looked at."""
        self.patch(conformity, 'MOST_COMPARED', 50)
        known = definitions(**{f'name_{n}_x': {} for n in range(10)})
        declared = {f'name_{n}_xx': '' for n in range(9)}
        self.assertEqual(6, len(conformity.judge(declared, known)))


class TestAnything(base.BaseTestCase):
    """Whatever is declared, and whatever is defined."""

    @hypothesis.given(
        st.dictionaries(
            st.sampled_from([*'abc', 'hw_disk_bus', 'hw_disk_bsu']),
            st.text(max_size=6)
            | st.sampled_from(['<or> a <or> b', '>= 4', '5', 'true', '<or>']),
            max_size=4,
        ),
        st.dictionaries(
            st.sampled_from([*'abc', 'hw_disk_bus']),
            st.fixed_dictionaries(
                {},
                optional={
                    'type': st.sampled_from(
                        ['string', 'integer', 'number', 'boolean', 'array']
                    ),
                    'enum': st.lists(st.text(min_size=1, max_size=3)),
                    'minimum': st.integers(),
                    'maxLength': st.integers(),
                    'minItems': st.integers(),
                    'pattern': st.text(max_size=5),
                    'operators': st.lists(st.sampled_from(['<or>', '>='])),
                    'items': test_metadefs.anything,
                    'uniqueItems': st.booleans(),
                },
            ),
            max_size=4,
        ),
    )
    def test_anything(self, declared, schemas):
        """Each finding is about something declared, and names it once."""
        known = definitions(**schemas)
        found = conformity.judge(declared, known)
        keys = [each.key for each in found]
        self.assertEqual(sorted({*keys}), keys)
        self.assertLessEqual({*keys}, declared.keys())
        for each in found:
            self.assertEqual(bool(each.problem), each.key in known)
        self.assertEqual((), conformity.judge(declared, {}))

    @hypothesis.given(
        st.sampled_from(
            [
                (key, value)
                for key, each in sorted(GLANCE.items())
                for value in each[0].values
            ]
        )
    )
    def test_defined_values(self, pair):
        """A value that a definition lists is always in order."""
        self.assertEqual((), conformity.judge(dict([pair]), GLANCE))
