# Validation messages for the parameters of a launch, each shown next to its field.
# $name is the name of the parameter; $key is a key of the request.

param-config = config must be an object
param-config-wide = config can have at most { $most } keys

param-required = { $name } is required
param-text = { $name } must be text
param-int = { $name } must be a whole number
param-float = { $name } must be a number
param-bool = { $name } must be true or false
param-list = { $name } must be a list
param-dict = { $name } must be an object
param-each-text = Each value of { $name } must be text
param-each-int = Each value of { $name } must be a whole number
param-each-float = Each value of { $name } must be a number
param-each-bool = Each value of { $name } must be true or false
param-each-list = Each value of { $name } must be a list
param-each-dict = Each value of { $name } must be an object

param-nul = { $name } contains the character U+0000, which OpenHEXA cannot store
param-long = { $name } is too long: at most { $most } bytes

param-choice = { $name } must be one of: { $choices }
param-each-choice = Each value of { $name } must be one of: { $choices }
param-number-choice = { $name } must be one of: { $numbers }
param-each-number-choice = Each value of { $name } must be one of: { $numbers }
param-choice-secret = { $name } is not one of the allowed values
param-keep = { $name } cannot be empty: this version of the pipeline has a saved value for it. Enter another value to replace it
param-keep-default = { $name } cannot be empty: it has a default value. Enter another value to replace it

param-unknown = `{ $key }` is not a parameter of this pipeline
param-unknown-default = `{ $key }` is not a parameter of this pipeline, but the account's default parameters set it: ask an administrator to remove it from the configuration
param-stale = This version of the pipeline has a saved value for `{ $key }`, which is not one of its parameters, so every run fails: ask the pipeline's author to upload a new version
param-notebook = `{ $key }` cannot be set: this pipeline is a notebook or has no version yet, so it has no parameters
param-injected = { $name } is set by the bridge, which does not support the type `{ $kind }` for it: ask the pipeline's author to declare another type

# Added to the messages about unknown parameters.
param-version = The parameters are those of version { $version }, created { $at }
param-version-described = The parameters are those of version { $version }, created { $at }: { $about }

# Added to one of the messages above when the value was not in the request.
param-from-default = This value is the default of the parameter. Enter another value to replace it
param-from-account = This value comes from the account's default parameters
param-from-version = This value is saved with the version of the pipeline. Enter another value to replace it

# Warnings: the launch is not refused.
param-zero-left-out = { $name } was not sent: 0 is not one of its choices
param-outside-file = { $name }: “{ $value }” is not one of the choices in { $path }
param-several-outside-file = { $name }: these values are not among the choices in { $path }: { $value }
param-no-dataset = { $name }: no dataset “{ $value }” found in this workspace
param-no-connection = { $name }: no connection “{ $value }” of this type found in this workspace
param-no-file = { $name }: no file “{ $value }” found in this workspace
