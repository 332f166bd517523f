# Schedules on the pages: backfills, the calendar, the form that schedules a pipeline, and cron expressions in words.

flow-schedule-one = Schedule
flow-schedule-pause = Pause this schedule
flow-schedule-resume = Resume this schedule
flow-no-schedule = This flow has no schedule, so it has no planned times.
flow-no-run = No run
flow-planned = Planned
flow-today = today

flow-interval-title = Period of the data (optional)
flow-interval-start = From
flow-interval-end = Up to
flow-interval-hint = Times in { $zone }. Parameters with `run.interval.start` and `run.interval.end` get them. Leave both empty to run without a period.
flow-interval-wrong = Enter a start and an end, with the end after the start

# Backfills
flow-backfill = Backfill
flow-backfills = Backfills
flow-backfill-number = Backfill { $number }
flow-backfill-about = A backfill runs planned times of the past, for example to load a month again. Each run gets the time and the period of the data of its planned time.
flow-backfill-which = Which times
flow-backfill-from = From
flow-backfill-to = To
flow-backfill-day = Enter a day, such as 2026-11-30
flow-backfill-days = Days in { $zone }. The last day is included.
flow-backfill-mode = Which of these times
flow-backfill-missing = Those without a run
flow-backfill-failed = Those whose last run failed or was stopped
flow-backfill-all = All that are not running
flow-backfill-at-once = Runs at a time
flow-backfill-preview = Show the times
flow-backfill-refused = The form has errors:
flow-backfill-count =
    { $count ->
        [0] Nothing to run
        [one] { $count } run
       *[other] { $count } runs
    }
flow-backfill-squares = Each square is a planned time, in { $zone }, with the status of its last run.
flow-backfill-start =
    { $count ->
        [one] Start { $count } run
       *[other] Start { $count } runs
    }
flow-backfill-nothing = There is nothing to run: all chosen times have a run already, are running, or wait in another backfill
flow-backfill-nothing-about = All chosen times have a run already, are running, or wait in another backfill. Choose other days, or another option in “Which of these times”.
flow-backfill-done = Done
flow-backfill-done-errors = Done, with errors
flow-backfill-errors = Error or stopped
flow-backfill-waiting = Waiting for a run
flow-backfill-waits = Waiting
flow-backfill-progress = { $done } of { $of } runs ended
flow-backfill-ticks = Planned times
flow-backfill-about-title = About this backfill
flow-backfill-period = Period
flow-backfill-cancel = Stop the backfill
flow-backfill-cancel-sure = Stop this backfill? It starts no further run, and its active runs are stopped. What they have already written is kept.

# The calendar
flow-calendar = Calendar
flow-calendar-zone = times in { $zone }
flow-calendar-cut = This month has more planned times than are shown. The oldest and the last ones are left out.
flow-month = { $field } must be a month, such as 2026-11
flow-month-label = Month (YYYY-MM)
flow-month-previous = Previous month
flow-month-next = Next month

# A pipeline's schedule
pipeline-planned = Next scheduled run:
schedule-do = Schedule…
schedule-title = Schedule
schedule-about = The pipeline will run with the values that you entered in its launch form. The next page shows the document of the flow before it is saved.
schedule-when = When it runs
schedule-refused = The form has errors:
schedule-secret = A schedule cannot contain secrets. Ask an administrator to set this value in the default parameters, and leave the field empty
schedule-often = How often
schedule-daily = Every day
schedule-weekly = Every week
schedule-monthly = Every month
schedule-cron = Own cron expression
schedule-weekday = Weekday
schedule-weekday-hint = For every week.
schedule-time = Time
schedule-time-hint = For every day, week or month.
schedule-day = Day of the month
schedule-day-hint = For every month: 1 to 31, or L for the last day. Months without this day are left out.
schedule-own = Cron expression
schedule-own-hint = For an own expression: minute, hour, day, month, weekday.
schedule-zone = Time zone
schedule-zone-hint = A name such as Africa/Kinshasa.
schedule-name = Name of the flow
schedule-name-hint = As it is shown in lists.
schedule-name-needed = Enter a name with at most { $most } characters
schedule-id = Id of the flow
schedule-id-hint = A part of its address: a–z, 0–9, - and _. It cannot change later.
schedule-preview = Show the document
schedule-leave = Back to the pipeline

# Cron expressions in words
cron-minutes =
    { $count ->
        [one] every minute
       *[other] every { $count } minutes
    }
cron-hourly = every hour, at minute { $minute }
cron-hours =
    { $count ->
        [one] every hour, starting at { $time }
       *[other] every { $count } hours, starting at { $time }
    }
cron-daily = every day at { $time }
cron-working-days = Monday to Friday at { $time }
cron-weekly = every { $days } at { $time }
cron-some-weekdays = every week ({ $days }) at { $time }
cron-monthly = every month on day { $day } at { $time }
cron-last-day = on the last day of every month at { $time }
cron-yearly = every year on { $day } { $month } at { $time }

weekday-monday = Monday
weekday-tuesday = Tuesday
weekday-wednesday = Wednesday
weekday-thursday = Thursday
weekday-friday = Friday
weekday-saturday = Saturday
weekday-sunday = Sunday
month-january = January
month-february = February
month-march = March
month-april = April
month-may = May
month-june = June
month-july = July
month-august = August
month-september = September
month-october = October
month-november = November
month-december = December
