using Lethe.Proxy.Commands;
using Lethe.Proxy.Terminal;

namespace Lethe.Proxy.Tests.Commands;

[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class PrivateFileTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly string directory = Directory.CreateTempSubdirectory("lethe-private-").FullName;

    private string Target => Path.Combine(directory, "out.jsonl");

    [Fact]
    public async Task What_was_there_is_replaced_and_the_new_is_the_owners_alone()
    {
        await File.WriteAllTextAsync(Target, "old");
        File.SetUnixFileMode(Target, OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.OtherRead);

        await WriteAsync();

        Assert.Equal("new", await File.ReadAllTextAsync(Target));
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(Target));
        Assert.Equal([Target], Directory.GetFileSystemEntries(directory));
    }

    [Fact]
    public async Task A_link_is_replaced_and_what_it_leads_to_is_left_alone()
    {
        var victim = Path.Combine(directory, "victim");
        await File.WriteAllTextAsync(victim, "precious");
        File.CreateSymbolicLink(Target, victim);

        await WriteAsync();

        Assert.Equal("precious", await File.ReadAllTextAsync(victim));
        Assert.Null(new FileInfo(Target).LinkTarget);
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(Target));
    }

    [Fact]
    public async Task The_unfinished_file_is_private_has_no_name_to_be_guessed_and_goes_when_it_is_not_kept()
    {
        await using (new PrivateFile(Target))
        {
            await using (new PrivateFile(Target))
            {
                var unfinished = Directory.GetFiles(directory);
                Assert.Equal(2, unfinished.Length);
                Assert.All(unfinished, file => Assert.Matches("out\\.jsonl\\.[0-9a-f]{16}\\.tmp$", file));
                Assert.All(unfinished, file => Assert.Equal(OwnerOnly, File.GetUnixFileMode(file)));
            }
        }

        Assert.Empty(Directory.GetFiles(directory));
    }

    [Fact]
    public void A_directory_in_the_way_is_told()
    {
        Directory.CreateDirectory(Target);

        Assert.Equal(ExitCode.Environment, Assert.Throws<CommandFailure>(() => new PrivateFile(Target)).ExitCode);
        Assert.Equal(ExitCode.Environment, Assert.Throws<CommandFailure>(() => new PrivateFile(Path.Combine(directory, "missing", "out"))).ExitCode);
    }

    public void Dispose() => Directory.Delete(directory, recursive: true);

    private async Task WriteAsync()
    {
        await using var file = new PrivateFile(Target);
        await file.Content.WriteAsync("new"u8.ToArray());
        file.Keep();
    }
}
