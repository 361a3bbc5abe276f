using System.Text.Json.Nodes;

namespace Lethe.Proxy.Exec;

/// <summary>Where opencode and its kin find their configuration (https://opencode.ai/docs/config/#precedence-order), the person's own apart from what a project brings along.</summary>
/// <param name="variables">What its variables begin with; small, the name of its files.</param>
internal sealed class OpenCodeFiles(ExecEnvironment world, string variables)
{
    private readonly string name = variables.ToLowerInvariant();

    private string[] Names => [name + ".jsonc", name + ".json"];

    /// <summary>What the person wrote, or named in a variable.</summary>
    public JsonObject OfUser()
    {
        var home = Path.Combine(world.Variable("XDG_CONFIG_HOME") ?? Path.Combine(world.Home, ".config"), name);
        return Merged(
        [
            .. Names.Reverse().Select(json => world.ReadFile(Path.Combine(home, json))),
            Named("_CONFIG"),
            .. world.DirectoriesUpward.Where(directory => directory == world.Home).SelectMany(directory => Names.Select(json => world.ReadFile(Path.Combine(directory, json)))),
            .. Names.Select(json => world.ReadFile(Path.Combine(world.Home, "." + name, json))),
            .. Names.Select(json => Named("_CONFIG_DIR", json)),
            world.Variable(variables + "_CONFIG_CONTENT"),
        ]);
    }

    /// <summary>What lies in the working directory and above it.</summary>
    public JsonObject OfProject()
    {
        string[] directories = [.. world.DirectoriesUpward.Where(directory => directory != world.Home)];
        return Merged(
        [
            .. Names.SelectMany(json => directories.Reverse().Select(directory => world.ReadFile(Path.Combine(directory, json)))),
            .. directories.SelectMany(directory => Names.Select(json => world.ReadFile(Path.Combine(directory, "." + name, json)))),
        ]);
    }

    private string? Named(string suffix, string below = "") =>
        world.Variable(variables + suffix) is { } path ? world.ReadFile(Path.Combine(world.WorkingDirectory, path, below)) : null;

    /// <summary>What counts more comes later.</summary>
    private static JsonObject Merged(IEnumerable<string?> texts)
    {
        var merged = new JsonObject();
        foreach (var config in texts.Select(JsonConfig.Parse).OfType<JsonObject>())
        {
            JsonConfig.Merge(merged, config);
        }

        return merged;
    }
}
