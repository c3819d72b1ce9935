/** Where the repository is published, as the alerts' links have it (`monitoring.alerts.runbooks` of the chart). */
export const REPOSITORY = 'https://github.com/porterlb/porterlb';
