// Where somebody is stays in sight, however many entries the navigation has.
document.querySelector(".sidenav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
