using System.Text.Json;
using Lethe.Proxy.Recording;

namespace Lethe.Proxy.Reading;

/// <summary>How lethe is, all of it.</summary>
/// <param name="WhyNot">Why it is not ready; null while it is.</param>
/// <param name="Doors">Where each listens, by configuration; null where it is off.</param>
/// <param name="Listeners">Who follows the events: programs, and one tab of each browser.</param>
/// <param name="LastVerify">Null where <c>lethe verify</c> never ran here.</param>
/// <param name="Segments">Files of the journal.</param>
/// <param name="Counts">Since the start, by the name of the metric, and its label where it has one: <c>lethe_drops_total{reason="memory"}</c>.</param>
/// <param name="DeadLetters">Of the caller's organisation, by code.</param>
/// <param name="Configuration">That in force, secrets masked.</param>
public sealed record HealthDocument(
    bool Ready,
    string? WhyNot,
    string Version,
    DateTimeOffset StartedAt,
    double UptimeSeconds,
    HealthDoors Doors,
    PipelineState State,
    DataSizes? Disk,
    int Listeners,
    LastVerify? LastVerify,
    int Segments,
    IReadOnlyDictionary<string, double> Counts,
    IReadOnlyDictionary<string, int> DeadLetters,
    JsonElement Configuration);

public sealed record HealthDoors(string Forwarding, string Admin, string? ExtProc);
