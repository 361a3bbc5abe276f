using Lethe.Proxy.Exec;
using Lethe.Proxy.Terminal;

namespace Lethe.Proxy.Tests.Exec;

[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class AgentProgramTests : IDisposable
{
    private readonly string home = Directory.CreateTempSubdirectory("lethe-path-").FullName;

    [Fact]
    public void A_bare_name_is_looked_up_in_PATH_alone()
    {
        var installed = Program("bin/claude");
        Program("claude");
        Program("rel/claude");

        Assert.Equal(installed, Find("claude", $"::rel:.:{home}/nowhere:{home}/bin:"));
    }

    [Theory]
    [InlineData("")]
    [InlineData(":")]
    [InlineData(".")]
    [InlineData("rel")]
    public void What_lies_in_the_working_directory_is_no_command(string path)
    {
        Program("claude");
        Program("rel/claude");

        Assert.Equal(127, Assert.Throws<CommandFailure>(() => Find("claude", path)).ExitCode);
    }

    [Fact]
    public void Nor_is_what_lies_beside_lethe() =>
        Assert.Equal(127, Assert.Throws<CommandFailure>(() => Find("lethe.dll", "/usr/bin")).ExitCode);

    [Theory]
    [InlineData("./claude")]
    [InlineData("rel/../claude")]
    public void A_command_with_a_slash_is_taken_as_it_is(string command)
    {
        Directory.CreateDirectory(Path.Combine(home, "rel"));

        Assert.Equal(Program("claude"), Find(command, "/usr/bin"));
    }

    [Fact]
    public void What_cannot_be_run_is_passed_over_where_another_can_and_told_where_none_can()
    {
        File.WriteAllText(Path.Combine(Directory.CreateDirectory(Path.Combine(home, "first")).FullName, "claude"), "text");
        Directory.CreateDirectory(Path.Combine(home, "folder", "claude"));
        var second = Program("second/claude");

        Assert.Equal(second, Find("claude", $"{home}/folder:{home}/first:{home}/second"));
        Assert.Equal(126, Assert.Throws<CommandFailure>(() => Find("claude", $"{home}/first")).ExitCode);
        Assert.Equal(126, Assert.Throws<CommandFailure>(() => Find("./folder", "")).ExitCode);
        Assert.Equal(127, Assert.Throws<CommandFailure>(() => Find("./missing", "")).ExitCode);
    }

    public void Dispose() => Directory.Delete(home, recursive: true);

    private string Find(string command, string path) => AgentProgram.Find(ExecWorld.World(("PATH", path)) with { WorkingDirectory = home }, command);

    private string Program(string name)
    {
        var path = Path.Combine(home, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, "#!/bin/sh\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return path;
    }
}
