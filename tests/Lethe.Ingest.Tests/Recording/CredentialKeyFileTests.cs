using Lethe.Capture.Redaction;
using Lethe.Ingest.Recording;

namespace Lethe.Ingest.Tests.Recording;

[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class CredentialKeyFileTests : IDisposable
{
    private readonly string home = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());

    private string KeyPath => Path.Combine(home, "lethe", CredentialKeyFile.Name);

    [Fact]
    public void The_key_outlives_the_process_and_only_its_owner_can_read_it()
    {
        var first = CredentialKeyFile.LoadOrCreate(KeyPath);
        var second = CredentialKeyFile.LoadOrCreate(KeyPath);

        Assert.Equal(first.Fingerprint("a credential"), second.Fingerprint("a credential"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(KeyPath));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.GetDirectoryName(KeyPath)!));
        Assert.Equal([KeyPath], Directory.GetFiles(Path.GetDirectoryName(KeyPath)!));
    }

    [Fact]
    public async Task Processes_that_start_together_agree_on_one_key()
    {
        using var start = new Barrier(8);
        var keys = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Factory.StartNew(
            () =>
            {
                start.SignalAndWait();
                return CredentialKeyFile.LoadOrCreate(KeyPath).Fingerprint("a credential");
            },
            TaskCreationOptions.LongRunning)));

        Assert.Single(keys.Distinct());
    }

    [Fact]
    public void A_file_that_is_no_key_is_refused_rather_than_replaced()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(KeyPath)!);
        File.WriteAllText(KeyPath, "short");

        Assert.Contains("5 bytes", Assert.Throws<InvalidDataException>(() => CredentialKeyFile.LoadOrCreate(KeyPath)).Message, StringComparison.Ordinal);
        Assert.Equal("short", File.ReadAllText(KeyPath));
    }

    [Fact]
    public void A_fingerprint_says_nothing_without_the_key()
    {
        Assert.NotEqual(CredentialKey.Create().Fingerprint("a credential"), CredentialKey.Create().Fingerprint("a credential"));
        Assert.Matches("^[0-9a-f]{32}$", CredentialKey.Create().Fingerprint("a credential"));
    }

    public void Dispose()
    {
        if (Directory.Exists(home))
        {
            Directory.Delete(home, recursive: true);
        }
    }
}
