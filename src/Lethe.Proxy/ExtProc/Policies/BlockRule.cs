using Lethe.Proxy.Configuration;

namespace Lethe.Proxy.ExtProc.Policies;

/// <summary>Calls that are answered here and never reach the upstream. Every condition that is given must hold; at least one is.</summary>
internal sealed record BlockRule(string Name, string? PathPrefix, string? Model, string? Harness, int Status, string? Detail)
{
    public static IReadOnlyList<BlockRule> From(ExtProcOptions options) =>
        [.. options.Block.Select(pair => new BlockRule(pair.Key, pair.Value.PathPrefix, pair.Value.Model, pair.Value.Harness, pair.Value.Status, pair.Value.Detail))];

    /// <summary>Whether all but the model fits; the harness as far as headers tell it.</summary>
    public bool FitsHead(PathForms path, Lazy<string> harness) =>
        (PathPrefix is null || path.BeginsWith(PathPrefix))
        && (Harness is null || string.Equals(Harness, harness.Value, StringComparison.OrdinalIgnoreCase));

    /// <summary>Whether a model named in the request is the rule's; a star at the end of the rule stands for any rest.</summary>
    public bool FitsModel(string model) => Model switch
    {
        null => true,
        [.. var prefix, '*'] => model.StartsWith(prefix, StringComparison.OrdinalIgnoreCase),
        _ => string.Equals(Model, model, StringComparison.OrdinalIgnoreCase),
    };
}
