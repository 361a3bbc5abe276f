using Lethe.Proxy.Configuration;
using Lethe.Proxy.Exec;
using Lethe.Proxy.Forwarding;

namespace Lethe.Proxy.Tests.Exec;

/// <summary>A machine on which <c>lethe exec</c> is told to start something: what it finds there is only what a test puts there.</summary>
internal static class ExecWorld
{
    public const string Door = "http://127.0.0.1:4999";

    public static ExecPlan Plan(ExecEnvironment world, params string[] command) => ExecPlan.Make(world, command).At(Door + "/");

    public static ExecEnvironment World(params (string Name, string Value)[] environment) => new()
    {
        Environment = environment.ToDictionary(pair => pair.Name, pair => pair.Value),
        WorkingDirectory = "/home/me/code",
        Home = "/home/me",
        ReadFile = _ => null,
        Upstreams = Upstream.From(new LetheOptions()),
        Doors = ["http://127.0.0.1:4141"],
    };

    /// <summary>Claude Code's record in which one folder is trusted.</summary>
    public static string TrustedByClaude(string folder) => "{\"projects\":{\"" + folder + "\":{\"hasTrustDialogAccepted\":true}}}";

    public static ExecEnvironment With(this ExecEnvironment world, string path, string text)
    {
        var before = world.ReadFile;
        return world with { ReadFile = wanted => wanted == path ? text : before(wanted) };
    }
}
