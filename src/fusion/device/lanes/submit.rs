//! Waves to submissions: uploads, passes, bind groups, and the recording of it all.

use super::super::DeviceError;
use super::super::fields::Field;
use super::super::kernels::Params;
use super::super::pipeline::PARAMS_STRIDE;
use super::super::program::{Count, Extent, Pass, wave};
use super::{Capacity, DeviceLanes, Landing, Pipeline, Readback, Wave};
use crate::fusion::arrays::BLOCK;
use crate::scan::Detection;

impl DeviceLanes {
    /// Uploads all that the waves bring, one after another; says how much there is of everything in each.
    pub(super) fn upload_waves(&mut self, waves: &[Wave]) -> Result<Vec<Extent>, DeviceError> {
        let (mut views, mut models) = (Vec::new(), Vec::new());
        let (mut looks, mut observations) = (Vec::new(), Vec::new());
        let (mut arrived, mut tags, mut times) = (Vec::new(), Vec::new(), Vec::new());
        let mut addresses = Vec::new();
        let mut extents = Vec::new();
        for (number, wave) in (0u32..).zip(waves) {
            let shift = u32::try_from(observations.len()).unwrap_or(u32::MAX);
            extents.push(Extent {
                lanes: self.lanes,
                detections: u32::try_from(wave.arrived.len()).unwrap_or(u32::MAX),
                cells: wave.cells,
                first_look: u32::try_from(looks.len()).unwrap_or(u32::MAX),
                first_detection: u32::try_from(arrived.len()).unwrap_or(u32::MAX),
                wave: number,
                field_cells: self.field_cells,
                widths: self.widths,
                has_addresses: !wave.addresses.is_empty(),
                ..Extent::default()
            });
            looks.extend_from_slice(&wave.looks);
            views.extend_from_slice(&wave.views);
            models.extend_from_slice(&wave.models);
            arrived.extend(wave.arrived.iter().map(|d| Detection { observation: d.observation + shift, ..*d }));
            tags.extend_from_slice(&wave.tags);
            times.extend_from_slice(&wave.times);
            addresses.extend_from_slice(&wave.addresses);
            if self.config.identity.is_some() {
                addresses.resize(arrived.len(), 0);
            }
            observations.extend_from_slice(&wave.observations);
        }
        let most = |of: fn(&Extent) -> u32| extents.iter().map(of).max().unwrap_or(0);
        let (detections, cells) = (most(|extent| extent.detections), most(|extent| extent.cells));
        if detections > self.capacity.detections || cells > self.capacity.cells {
            self.capacity.detections = self.roomy(self.capacity.detections, detections, Field::Placed, 1);
            self.capacity.cells = self.roomy(self.capacity.cells, cells, Field::Cells, 1);
            self.allocate()?;
        }
        self.upload(Field::Looks, bytemuck::cast_slice(&looks))?;
        self.upload(Field::ViewLooks, bytemuck::cast_slice(&views))?;
        self.upload(Field::ModelLooks, bytemuck::cast_slice(&models))?;
        self.upload(Field::Arrived, bytemuck::cast_slice(&arrived))?;
        self.upload(Field::Tags, bytemuck::cast_slice(&tags))?;
        self.upload(Field::Addresses, bytemuck::cast_slice(&addresses))?;
        self.upload(Field::Times, bytemuck::cast_slice(&times))?;
        self.upload(Field::Observations, bytemuck::cast_slice(&observations))?;
        Ok(extents)
    }

    /// The passes of all waves from pass `at` (wave, pass) on.
    pub(super) fn passes(&self, extents: &[Extent], at: (usize, usize)) -> Vec<Pass> {
        let Capacity { blocks, edges, table, components, .. } = self.capacity;
        let places = blocks * u32::try_from(BLOCK).unwrap_or(0);
        let full = |extent: &Extent| Extent {
            places,
            edges_max: edges,
            table_max: table,
            components_max: components,
            ..*extent
        };
        let waves = extents.iter().enumerate().skip(at.0);
        waves
            .flat_map(|(number, extent)| {
                let skipped = if number == at.0 { at.1 } else { 0 };
                let mut passes = wave(&self.config, &full(extent));
                if skipped > 0 {
                    // The sizes of the wave are computed anew before it goes on; nothing is counted anew.
                    let mut plan = passes.first().cloned();
                    if let Some(plan) = &mut plan {
                        plan.params.counted = Count::Nothing as u32;
                    }
                    return plan.into_iter().chain(passes.split_off(skipped)).collect::<Vec<_>>();
                }
                passes
            })
            .collect()
    }

    /// Submits passes.
    pub(super) fn submit(&mut self, passes: &[Pass]) -> Result<Landing, DeviceError> {
        let params = self.upload_params(passes)?;
        for pass in passes {
            self.bind(pass, &params)?;
        }
        let mut encoder = self.context.encoder("waves")?;
        let missing = || DeviceError::no_memory("binding of `arguments`");
        let arguments = self.memory(Field::Arguments)?.buffer().ok_or_else(missing)?;
        let bound = passes.iter().map(|pass| self.bound(pass)).collect::<Result<Vec<_>, _>>()?;
        let mut stamps = 0;
        let mut stages = Vec::new();
        self.context.scoped("recording of waves", || {
            let mut rest = passes;
            let mut bound = bound.into_iter();
            let mut number = 0u64;
            while let Some(first) = rest.first() {
                let length = rest.iter().take_while(|pass| pass.stage == first.stage).count();
                let (here, behind) = rest.split_at(length);
                let timed = self.timer.as_ref().and_then(|timer| timer.writes(stamps));
                if timed.is_some() {
                    stages.push(first.stage);
                    stamps += 1;
                }
                let mut compute = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor {
                    label: Some(first.kernel),
                    timestamp_writes: timed,
                });
                for (pass, (pipeline, group)) in here.iter().zip(bound.by_ref()) {
                    compute.set_pipeline(&pipeline.compiled);
                    let offset = u32::try_from(number * PARAMS_STRIDE).unwrap_or(u32::MAX);
                    compute.set_bind_group(0, group, &[offset]);
                    if pass.kernel == "plan" {
                        compute.dispatch_workgroups(1, 1, 1);
                    } else {
                        compute.dispatch_workgroups_indirect(arguments, u64::from(pass.size as u32) * 12);
                    }
                    number += 1;
                }
                rest = behind;
            }
        })?;
        let read = |field: Field, elements: usize, encoder: &mut wgpu::CommandEncoder| {
            self.memory(field)?.record_readback(&self.context, elements, encoder)
        };
        let status = read(Field::Status, 1, &mut encoder)?;
        let reports = read(Field::Reports, self.options.waves, &mut encoder)?;
        let timed = match &self.timer {
            Some(timer) => Some(timer.record_readback(&self.context, &mut encoder, stamps)?),
            None => None,
        };
        let submission = self.context.scoped("waves", || self.context.queue.submit([encoder.finish()]))?;
        [Some(&status), Some(&reports), timed.as_ref()].into_iter().flatten().for_each(Readback::map);
        Ok(Landing { submission, status, reports, stamps: timed, stages })
    }

    /// The kernel of a pass and what it is bound with: a pass without them is an error, never left out.
    fn bound(&self, pass: &Pass) -> Result<(&Pipeline, &wgpu::BindGroup), DeviceError> {
        let group = self.groups.get(&(pass.kernel, pass.general));
        let missing = || DeviceError::no_memory(&format!("dispatch of `{}`", pass.kernel));
        self.pipelines.get(pass.kernel).map(AsRef::as_ref).zip(group).ok_or_else(missing)
    }

    /// Makes the bind group of a pass, unless it is there.
    pub(super) fn bind(&mut self, pass: &Pass, params: &wgpu::Buffer) -> Result<(), DeviceError> {
        let key = (pass.kernel, pass.general);
        if self.groups.contains_key(&key) {
            return Ok(());
        }
        let Some(pipeline) = self.pipelines.get(pass.kernel) else {
            return Err(DeviceError::NoKernel { name: pass.kernel, known: String::new() });
        };
        let [words, copies] = pass.general;
        let memory = |field: Field| {
            let field = match field {
                Field::Words => words,
                Field::Copies => copies,
                own => own,
            };
            self.memory.get(&field)
        };
        let group = pipeline.bind(&self.context, params, memory)?;
        self.groups.insert(key, group);
        Ok(())
    }

    pub(super) fn upload_params(&mut self, passes: &[Pass]) -> Result<wgpu::Buffer, DeviceError> {
        let size = (passes.len().max(1) as u64) * PARAMS_STRIDE;
        let buffer = if let Some(buffer) = self.params.take().filter(|buffer| buffer.size() >= size) {
            buffer
        } else {
            self.groups.clear();
            let usage = wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST;
            self.context.buffer("params", size, usage)?
        };
        let stride = usize::try_from(PARAMS_STRIDE).unwrap_or(256);
        let mut bytes = vec![0u8; passes.len() * stride];
        for (slot, pass) in bytes.chunks_mut(stride).zip(passes) {
            if let Some(slot) = slot.get_mut(..size_of::<Params>()) {
                slot.copy_from_slice(bytemuck::bytes_of(&pass.params));
            }
        }
        self.context.scoped("upload of `params`", || self.context.queue.write_buffer(&buffer, 0, &bytes))?;
        self.params = Some(buffer.clone());
        Ok(buffer)
    }
}
