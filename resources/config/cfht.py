# What CFHT sets for MegaCam: calibrations are off until they are switched on, fringes are fitted for three filters.
config.doBias = False
config.doDark = False
config.doFlat = False
config.doFringe = False
config.doWrite = False

# no suspect level is known for MegaCam
config.doSuspect = False

# fringe frames are made from data that are not flat-fielded; only the i and z filters show fringes
config.fringeAfterFlat = False
config.fringe.filters = ["i.MP9701", "i.MP9702", "z.MP9801"]
config.fringe.pedestal = True
config.fringe.small = 1
config.fringe.large = 50

# calibration frames are stored amplifier by amplifier, like raw frames
config.doAssembleIsrExposures = True
