# What CFHT sets for MegaCam: overscan, assembly, variance, defects and interpolation, without calibration frames.
config.doBias = False
config.doDark = False
config.doFlat = False
config.doFringe = False
config.doWrite = False

# no suspect level is known for MegaCam
config.doSuspect = False

# used when doFringe is switched on: the filters with strong fringes, sampled in small apertures on a wide background
config.fringeAfterFlat = False
config.fringe.filters = ["i.MP9701", "i.MP9702", "z.MP9801"]
config.fringe.pedestal = True
config.fringe.small = 1
config.fringe.large = 50

# calibration frames are stored amplifier by amplifier with their overscan, like raw frames
config.doAssembleIsrExposures = True
