# Photometry in i and z: bias, flat, defects and fringes, in the order in which CFHT's fringe frames are made.
config.doBias = True
config.doDark = False
config.doFlat = True
config.doApplyGains = False
config.doDefect = True
config.doFringe = True

# CFHT's master fringe frames are medians of flat-fielded science frames, so they come off after the flat
config.fringeAfterFlat = True
config.fringe.filters = ["i.MP9701", "i.MP9702", "z.MP9801"]
config.fringe.pedestal = True
config.fringe.small = 1
config.fringe.large = 50
