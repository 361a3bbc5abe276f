using ArchUnitNET.Domain;
using ArchUnitNET.Loader;
using Lethe.Capture.Exchanges;
using Lethe.Envoy;
using Lethe.Ingest;
using Assembly = System.Reflection.Assembly;

namespace Lethe.Proxy.Tests;

/// <summary>The arrows of the house: whoever uses a namespace is not used by it, by no way round, and the projects point one way.</summary>
public sealed class HouseTests
{
    private static readonly Assembly Capture = typeof(Organisation).Assembly;
    private static readonly Assembly Envoy = typeof(StatusCode).Assembly;
    private static readonly Assembly Ingest = typeof(IngestMeter).Assembly;
    private static readonly Assembly Proxy = typeof(LetheApplication).Assembly;

    [Fact]
    public void No_namespace_is_used_by_what_it_uses()
    {
        var arrows = new ArchLoader().LoadAssemblies(Capture, Envoy, Ingest, Proxy).Build().Types
            .SelectMany(type => type.Dependencies)
            .Where(dependency => dependency.Target is not GenericParameter)
            .Select(dependency => (From: Place(dependency.Origin), To: Place(dependency.Target), Why: $"{dependency.Origin.Name} uses {dependency.Target.Name}"))
            .Where(arrow => arrow.From != arrow.To && IsOurs(arrow.From) && IsOurs(arrow.To))
            .ToLookup(arrow => arrow.From, arrow => (arrow.To, arrow.Why));

        // Whatever points at nothing that is left goes; what can never go points in a circle.
        var left = arrows.Select(from => from.Key).Concat(arrows.SelectMany(from => from).Select(arrow => arrow.To)).ToHashSet(StringComparer.Ordinal);
        while (left.RemoveWhere(place => !arrows[place].Any(arrow => left.Contains(arrow.To))) > 0)
        {
        }

        var circles = left.SelectMany(from => arrows[from].Where(arrow => left.Contains(arrow.To)).DistinctBy(arrow => arrow.To).Select(arrow => $"{from} → {arrow.To}: {arrow.Why}"));
        Assert.True(left.Count == 0, string.Join('\n', circles));
    }

    [Fact]
    public void Projects_point_one_way()
    {
        Assert.Empty(Uses(Capture));
        Assert.Empty(Uses(Envoy));
        Assert.Equal([Name(Capture)], Uses(Ingest));
        Assert.Equal([Name(Capture), Name(Envoy), Name(Ingest)], Uses(Proxy));
        foreach (var pure in (Assembly[])[Capture, Ingest, Envoy])
        {
            Assert.DoesNotContain(pure.GetReferencedAssemblies(), name => name.Name!.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal));
        }
    }

    // The entry point is above everything, and what lies beside it in its namespace (the log, the instruments) below.
    private static string Place(IType type) =>
        type.Name is nameof(LetheApplication) or "Program" || type.FullName.Contains($".{nameof(LetheApplication)}+", StringComparison.Ordinal) ? "Lethe (entry)" : type.Namespace?.FullName ?? "";

    private static bool IsOurs(string place) => place.StartsWith("Lethe", StringComparison.Ordinal);

    private static string Name(Assembly assembly) => assembly.GetName().Name!;

    private static string[] Uses(Assembly assembly) =>
    [
        .. assembly.GetReferencedAssemblies().Select(name => name.Name!).Where(name => name.StartsWith("Lethe.", StringComparison.Ordinal)).Order(StringComparer.Ordinal),
    ];
}
