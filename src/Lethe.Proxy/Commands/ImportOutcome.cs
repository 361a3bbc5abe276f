using System.Text.Json.Serialization;
using Lethe.Proxy.Importing;

namespace Lethe.Proxy.Commands;

/// <summary>What became of what files held.</summary>
/// <param name="DryRun">True where nothing was stored, and this is what would have become of it.</param>
/// <param name="Taken">Stored, and new.</param>
/// <param name="Known">Stored before, or heard by a door itself.</param>
/// <param name="PassedOver">Files of a folder that hold nothing of the kind.</param>
internal sealed record ImportOutcome(bool DryRun, long Taken, long Known, long Conflicts, long Rejected, long PassedOver)
{
    public override string ToString() =>
        $"{Taken} {(DryRun ? "would be taken in" : "taken in")}, {Known} known, {Conflicts} in conflict, {Rejected} rejected" + (PassedOver > 0 ? $"; {PassedOver} files passed over" : "");
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ImportOutcome))]
[JsonSerializable(typeof(IReadOnlyList<ComparedSession>))]
internal sealed partial class ImportJson : JsonSerializerContext;
